import logging

import pytest


@pytest.fixture
def told(caplog):
    """The one line that a folder is told in, and its level; the folder's own name is left out."""
    caplog.set_level(logging.INFO, "keras_vae.data.folder")

    def told():
        (record,) = caplog.records
        return record.levelname, record.getMessage().split(": ", 1)[1]

    return told
