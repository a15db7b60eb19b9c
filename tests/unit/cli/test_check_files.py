"""What ``check`` says of the broker's files."""

import os
from pathlib import Path

from gateway.broker.writing import held, write_devices
from plantroom.bootstrap.parts import open_parts
from plantroom.cli.check_files import credential_files
from plantroom.cli.check_flow import Look
from plantroom.settings import Settings

NOBODY = 65534


def test_a_folder_that_this_user_may_not_enter_is_a_warning(tmp_path: Path) -> None:
    wire = tmp_path / "wire"
    wire.mkdir()
    with held(wire):
        write_devices(wire, [])
    settings = Settings(data_dir=tmp_path / "data", broker_files=wire)
    open_parts(settings, with_readings=False).close()
    assert [line[0] for line in credential_files(settings)] == [Look.OK]
    wire.chmod(0)
    me = os.geteuid()
    try:
        if me == 0:
            for folder in (settings.data_dir, *settings.data_dir.rglob("*")):
                os.chown(folder, NOBODY, NOBODY)
            for folder in (tmp_path, *tmp_path.parents):
                if folder.stat().st_uid == 0 and folder.parent != folder and "pytest" in str(folder):
                    folder.chmod(0o755)
            os.seteuid(NOBODY)
        lines = credential_files(settings)
    finally:
        os.seteuid(me)
        wire.chmod(0o750)
    assert [line[0] for line in lines] == [Look.WARN]
    assert "this user may not read them" in lines[0][1]
