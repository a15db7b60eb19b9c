"""People: departments, staff and their certificates, contractors, rosters, who is on call, who does which work.

The rules are pure; the repositories' port is ``maintenance.people.ports``. Above them ``duty`` (who is on call),
``assigning`` and ``upkeep`` work inside the caller's transaction.
"""
