"""The expectations: what must hold of landed rows, staging views and marts, and the process that checks it.

`rules` lists every check (readable without Great Expectations); `source` opens the data; `worker` runs the
suites in a process of its own, since importing Great Expectations takes seconds.
"""
