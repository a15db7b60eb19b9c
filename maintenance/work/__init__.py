"""What is written down about a work order: comments, files, signatures, labour, parts, cost, codes; what came of
repairs; what owners report.

The rules are pure; the repositories' ports are in ``maintenance.work.ports``. ``bookkeeping``, ``repairing``,
``deferring`` and ``reporting`` work inside the caller's transaction.
"""
