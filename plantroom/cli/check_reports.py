"""What ``check`` says of PDFs: whether what they are made with is installed."""

from plantroom.cli.check_flow import Look

Line = tuple[Look, str, str]


def pdfs() -> Line:
    """A line; reports are made as HTML all the same, so that nothing of it fails."""
    from maintenance.reports.pdf import wanting

    problem = wanting()
    if problem is None:
        return Look.OK, "PDFs can be made, with Chinese characters", ""
    words, _, remedy = problem.partition(" Debian: ")
    return Look.WARN, words, f"{remedy}; until then reports are made as HTML alone"
