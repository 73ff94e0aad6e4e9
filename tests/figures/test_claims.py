"""The figure of the claims has every verdict and what is missing."""

from helpers.claims import judged, part, two

from vcperf.figures import claims as figure
from vcperf.figures import style
from vcperf.tables.read import read_tables


def test_the_figure_has_verdict_effect_thesis_and_what_is_missing(tmp_path):
    lacking = part(where={"path": "c000->c010"}, says="lacking")
    made = judged(two(400, 700), part(thesis_percent=-42.85), lacking)
    made.to_csv(tmp_path / "claims.csv", index=False)
    drawing = figure.draw(read_tables([tmp_path / "claims.csv"]))
    style.save(drawing, [str(tmp_path / "c.svg"), str(tmp_path / "c.png")])
    text = (tmp_path / "c.svg").read_text()
    for words in ("mine: a claim", "supported: -42.9 % (thesis -42.9 %)", ">open<", "netns"):
        assert words in text, words
    assert "lacks throughput_mbps of path c000-" in text


def test_a_figure_of_claims_that_are_all_open_says_that_nothing_was_measured(tmp_path):
    judged(two(4, 7), part(table="profile")).to_csv(tmp_path / "claims.csv", index=False)
    axes = figure.draw(read_tables([tmp_path / "claims.csv"])).axes[0]
    assert axes.get_title(loc="right") == "nothing measured"


def test_the_words_of_a_claim_are_drawn_as_they_are_written(tmp_path):
    made = judged(two(400, 700), part(says=r"$\foo$ price $a_$"))
    made.to_csv(tmp_path / "claims.csv", index=False)
    drawing = figure.draw(read_tables([tmp_path / "claims.csv"]))
    style.save(drawing, [str(tmp_path / "claims.svg")])
    assert r"$\foo$ price $a_$" in (tmp_path / "claims.svg").read_text()


def drawn_legend(made, folder):
    made.to_csv(folder / "claims.csv", index=False)
    drawing = figure.draw(read_tables([folder / "claims.csv"]))
    return [text.get_text() for text in drawing.legends[0].get_texts()]


def test_the_legend_has_what_is_drawn_and_nothing_else(tmp_path):
    assert drawn_legend(judged(two(400, 700), part()), tmp_path) == ["supported"]
    doubtful = two(400, 700).assign(status="disturbed")
    legend = drawn_legend(judged(doubtful, part(thesis_percent=-40)), tmp_path)
    assert legend[-2:] == ["the thesis's value", "hollow: a doubtful cell"]
