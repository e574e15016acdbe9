# The Python module: plain Python over the shared library, nothing to build.
python_module = \
	python/bellwether/__init__.py \
	python/bellwether/_host.py \
	python/bellwether/_library.py \
	python/bellwether/aio.py \
	python/bellwether/member.py \
	python/bellwether/scope.py \
	python/bellwether/views.py
EXTRA_DIST += $(python_module)
if PYTHON_MODULE
bellwetherpythondir = $(pythondir)/bellwether
bellwetherpython_PYTHON = $(python_module)
endif
if TOOLS
py_tests += tests/e2e/python_module.py
endif
