-- A fencing guard as one table and one statement (docs/recipes/fencing.md).
-- "C": bytes decide, and a token's text order is its number order.
CREATE TABLE bellwether_guard (
    resource text PRIMARY KEY,
    token    text COLLATE "C" NOT NULL CHECK (token ~ '^[0-9a-f]{32}$')
);

-- What is protected: a journal, as an example.
CREATE TABLE journal (
    id    bigserial PRIMARY KEY,
    token text COLLATE "C" NOT NULL,
    entry text NOT NULL
);

-- The write. Parameters: resource, token, entry. INSERT 0 1: written; INSERT 0 0: a larger token has passed, you lead no more.
PREPARE append(text, text, text) AS
    WITH passed AS (
        INSERT INTO bellwether_guard AS guard (resource, token) VALUES ($1, $2)
        ON CONFLICT (resource) DO UPDATE SET token = excluded.token WHERE guard.token <= excluded.token
        RETURNING token
    )
    INSERT INTO journal (token, entry) SELECT token, $3 FROM passed;
