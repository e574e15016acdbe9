# The page as strings of C: one a line, since a string has at most 4095 characters. A line "@include NAME" stands for the file
# of that name, in the directory `dir`.
function put(line,    parts, count, i) {
    count = split(line, parts, "\\")
    line = parts[1] # "" if there are none
    for (i = 2; i <= count; i++)
        line = line "\\\\" parts[i]
    gsub(/"/, "\\\"", line)
    gsub(/\?/, "\\?", line) # no trigraphs
    print "    \"" line "\","
}
BEGIN { print "static const char *const page_lines[] = {" }
$1 == "@include" {
    file = dir "/" $2
    while ((got = (getline line < file)) > 0)
        put(line)
    if (got < 0) {
        print "embed.awk: cannot read " file > "/dev/stderr"
        exit failed = 1
    }
    close(file)
    next
}
{ put($0) }
END {
    if (!failed)
        print "};"
}
