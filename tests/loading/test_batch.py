"""Loading several articles at once."""

import gc

from app.loading.batch import collecting_seldom


def test_python_looks_for_cycles_as_before_once_loading_has_ended() -> None:
    gc.enable()  # Another test's command line may have left it off.
    before = gc.get_threshold(), gc.get_freeze_count()
    with collecting_seldom():
        assert gc.isenabled()
        assert gc.get_threshold() > before[0]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
