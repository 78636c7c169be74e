"""Pictures of the same bytes are all trained on or all held out."""

from .drawing import colours, draw


def test_copies_of_a_picture_are_on_one_side(tmp_path):
    """Of names that are nothing alike, in other folders, and of one size as others are."""
    for number in range(40):
        draw(tmp_path / f"{number}.bmp", colour=number)
        if number % 4 == 0:
            (tmp_path / "more").mkdir(exist_ok=True)
            for copy in "ab":
                (tmp_path / "more" / f"{copy}{number}.bmp").write_bytes((tmp_path / f"{number}.bmp").read_bytes())
    train, test = colours(tmp_path, "train"), colours(tmp_path, "test")
    assert not set(train) & set(test)
    assert len(train) + len(test) == 60
    assert 1 <= len(test) <= 6


def test_copies_of_one_picture_alone_are_split_all_the_same(tmp_path):
    for number in range(20):
        draw(tmp_path / f"{number}.png", colour=7)
    assert (len(colours(tmp_path, "train")), len(colours(tmp_path, "test"))) == (18, 2)
