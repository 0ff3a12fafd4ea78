"""The doctor: what is wrong with an installation, a checkout or the servers, and what cures it.

Each check yields findings and none changes anything. It imports no engine, so that it is quick, and
answers also where one of them cannot be imported.
"""
