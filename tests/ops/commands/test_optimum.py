"""`headgate optimum` as it is typed: the optimum beside the rules, and errors that name the limit."""

import pytest

from ops.cli import main
from ops.commands import optimum


def test_the_optimum_is_shown_beside_the_rules(capsys: pytest.CaptureFixture[str]):
    """Poisson, a lead time of 2, p = 9: the published 6.09364 and the best rules' gaps."""
    assert main(["optimum", "--play", "200000"]) == 0
    shown = capsys.readouterr().out

    assert "6.09364" in shown
    assert "best capped base-stock" in shown
    assert "0.42%" in shown
    assert "played for" in shown


def test_the_published_instances_are_compared(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Of the 32 the two cheapest; status 0 because each is within one of the last digit."""
    bed = optimum.zipkin_bed()[:2]
    monkeypatch.setattr(optimum, "zipkin_bed", lambda: bed)

    assert main(["optimum", "--zipkin"]) == 0
    assert "5.43822" in capsys.readouterr().out


def test_a_world_too_large_says_which_limit_it_breaks(capsys: pytest.CaptureFixture[str]):
    """The message names the states, the limit and what else can be done."""
    words = ["optimum", "--lead-time", "12", "--demand", "geometric:20"]
    assert main(words) == 1
    message = capsys.readouterr().err
    assert "a lead time of 12 periods" in message
    assert "60,000,000" in message
    assert "--play PERIODS" in message

    assert main([*words, "--play", "100000"]) == 0
    assert "best base-stock" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--backlog", "--order-cost", "20"], ["14 or less", "29", "16.56275"]),
        (["--hidden", "3,8,0.9", "--play", "100000"], ["8.77115", "best base-stock", "busy 50%"]),
        (["--shop", "poisson:3@4", "--shop", "poisson:5@19", "--play", "100000"], ["9.94871", "shared in proportion"]),
    ],
)
def test_other_worlds_are_solved_too(words: list[str], shown: list[str], capsys: pytest.CaptureFixture[str]):
    """Customers who wait, demand that switches unseen, and two shops that share."""
    assert main(["optimum", *words]) == 0
    text = capsys.readouterr().out

    assert all(one in text for one in shown)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--hidden", "3,8"], "has to be QUIET,BUSY,STAY"),
        (["--hidden", "8,3,0.9"], "the first not above the second"),
        (["--shop", "poisson:3@4"], "--shop is given twice"),
        (["--shop", "poisson:3", "--shop", "poisson:3@4"], "has to be LAW@COST"),
        (["--shop", "poisson:3@0", "--shop", "poisson:3@4"], "the cost has to be above 0"),
        (["--shop", "poisson:50@9", "--shop", "poisson:50@9", "--capacity", "99"], "more than 2,000,000,000"),
        (["--demand", "uniform:3"], "has to be poisson:MEAN"),
        (["--demand", "poisson:x"], "has to be poisson:MEAN"),
        (["--demand", "negative-binomial:5"], "takes 2 number(s)"),
        (["--demand", "poisson:nan"], "takes 1 number(s) above 0"),
        (["--lead-time", "0"], "--lead-time 0: has to be 1 or more"),
        (["--order-cost", "nan"], "--order-cost nan"),
        (["--lost-sale-cost", "0"], "--lost-sale-cost 0.0: has to be above 0"),
        (["--holding-cost", "inf"], "--holding-cost inf"),
    ],
)
def test_words_that_cannot_be_are_named(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    """The message names the option and what it takes."""
    assert main(["optimum", *words]) == 1
    assert said in capsys.readouterr().err


def test_a_policy_learns_beside_the_rules(capsys: pytest.CaptureFixture[str]):
    """A moment of learning comes to a policy with a cost of its own, exactly evaluated."""
    pytest.importorskip("torch", reason="needs the extra `train`")
    assert main(["optimum", "--demand", "poisson:2", "--lead-time", "1", "--learn", "0.5"]) == 0

    assert "learned" in capsys.readouterr().out


def test_learning_is_refused_where_orders_cost(capsys: pytest.CaptureFixture[str]):
    """The gradient knows nothing of a cost that jumps."""
    assert main(["optimum", "--demand", "poisson:2", "--lead-time", "1", "--order-cost", "5", "--learn", "1"]) != 0

    assert "--learn is for worlds without order cost" in capsys.readouterr().err
