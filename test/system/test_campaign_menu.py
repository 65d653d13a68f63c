"""What a campaign changes in the menu: its preamble, its keys, and a stop after the prompt that plays.

Calls are placed with the variables that the engine's order carries; keys come at the moment when a prompt is seen to play.
"""
from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab.carrier import plan
from lab.daemon import PROMPTS, wait_for
from lab.world import World
from test_claims import RawWriter

RESPONSE_SECONDS = 3
PREAMBLE_SECONDS, MESSAGE_SECONDS = 4, 4
SAID_NOTHING_SECONDS = 1  # shorter than any prompt of the menu


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    settings = {"ivr.response_timeout_seconds": RESPONSE_SECONDS, "ivr.max_tries": 3}
    with World(tmp_path_factory.mktemp("campaign"), settings) as world:
        yield Stage(world)


class Stage:
    """Places calls as the engine does, with a preamble and a message that are told apart by their names."""

    def __init__(self, world: World) -> None:
        self.world = world
        store = world.daemon.folder / "store"
        store.mkdir(exist_ok=True)
        speech = (PROMPTS / "welcome.ulaw").read_bytes() * 4
        (store / "who-calls.ulaw").write_bytes(speech[:8000 * PREAMBLE_SECONDS])
        (store / "the-message.ulaw").write_bytes(speech[:8000 * MESSAGE_SECONDS])
        assert "Loaded" in world.asterisk.cli("module load app_senddtmf.so")  # PlayDTMF: keys as if they came from the phone
        self.writer = RawWriter(world)
        self._calls = 0

    def call(self, area: int = 212, *, preamble: str = "who-calls", keys: dict[str, str] | None = None) -> MenuCall:
        """A call to somebody of this area of the lab's carrier; keys by the names that they have in variables."""
        self._calls += 1
        number = f"+1{area}55501{self._calls:02}"
        assert plan(number).fate == "human"
        call = MenuCall(self, f"menu-{self._calls}", number)
        variables = {"CARILLON_ID": call.id, "CARILLON_PREAMBLE": preamble, "CARILLON_AUDIO": "the-message", "CARILLON_CALLER": number,
                     **{f"CARILLON_KEY_{name}": action for name, action in (keys or {}).items()}}
        lines = [f"Channel: PJSIP/{number}@loopback", f"ChannelId: {call.id}", "Context: outbound-campaign", "Exten: s", "Priority: 1",
                 "Async: true", f"Variable: DB(carillon/{call.id}/0)=placed:1",
                 'Variable: CHANNEL(hangup_handler_push)="hangup-handler,s,1"',
                 *(f'Variable: {name}="{value}"' for name, value in variables.items())]
        assert self.writer.ask("Originate", "\r\n".join(lines))["Response"] == "Success"
        return call


@dataclass
class MenuCall:
    stage: Stage
    id: str
    number: str

    def playing(self) -> str:
        """Application and its data at this moment: "BackGround /…/who-calls"; empty once the call is over."""
        for line in self.stage.world.asterisk.cli("core show channels concise").splitlines():
            fields = line.split("!")
            if fields[-1] == self.id:
                return f"{fields[5]} {fields[6]}"
        return ""

    def hears(self, prompt: str, seconds: float = 15) -> MenuCall:
        seen: list[str] = []

        def is_playing() -> bool:
            seen.append(self.playing())
            return prompt in seen[-1]
        try:
            wait_for(is_playing, seconds, f"{prompt} is not played")
        except AssertionError as error:
            raise AssertionError(f"{error}: {list(dict.fromkeys(seen))}") from None
        return self

    def press(self, key: str) -> MenuCall:
        time.sleep(0.1)  # the prompt's first packets
        answer = self.stage.writer.ask("PlayDTMF", f"Channel: {self.id}\r\nDigit: {key}\r\nDuration: 100\r\nReceive: true")
        assert answer["Response"] == "Success", answer
        return self

    def finish(self) -> MenuCall:
        """As Node::finish does."""
        set_it = f"Channel: {self.id}\r\nVariable: CARILLON_FINISH\r\nValue: 1"
        assert self.stage.writer.ask("Setvar", set_it)["Response"] == "Success"
        return self

    def notes(self, seconds: float = 30) -> list[list[str]]:
        """All notes of the call, once it has ended, split into fact, time and fields."""
        daemon = self.stage.world.daemon
        query = "SELECT text FROM note WHERE attempt_id = ? AND seq > 0 ORDER BY seq"
        daemon.wait_for(lambda: any(text.startswith("call-") and text.split(":")[0] in ("call-ended", "call-failed")
                                    for (text,) in daemon.sql(query, self.id)), seconds, f"call {self.id} does not end")
        return [text.split(":") for (text,) in daemon.sql(query, self.id)]

    def pressed(self) -> list[str]:
        """Keys and their actions: "5 donation"."""
        return [f"{note[2]} {note[4]}" for note in self.notes() if note[0] == "dtmf-action"]

    def is_suppressed(self) -> bool:
        return (self.number,) in self.stage.world.daemon.sql("SELECT number FROM suppression")


def seconds_between(first: list[str], last: list[str]) -> float:
    return (int(last[1]) - int(first[1])) / 1000


# ---------------------------------------------------------------- the preamble

def test_the_preamble_is_played_before_the_message_and_with_it_again(stage: Stage) -> None:
    call = stage.call().hears("who-calls").hears("the-message").press("0").hears("who-calls").hears("the-message")
    notes = call.notes()
    assert call.pressed() == ["0 repeat"]
    assert [note[0] for note in notes] == ["call-started", "dtmf-action", "call-timeout", "call-ended"]
    heard_again = PREAMBLE_SECONDS + MESSAGE_SECONDS + RESPONSE_SECONDS
    assert seconds_between(notes[1], notes[2]) == pytest.approx(heard_again, abs=2), "both are played to their end"


def test_nine_works_in_the_preamble_from_its_first_packet(stage: Stage) -> None:
    call = stage.call(224)  # presses 9 with the first packet that it hears
    notes = call.notes()
    assert call.pressed() == ["9 opt-out"]
    assert seconds_between(notes[0], notes[1]) < PREAMBLE_SECONDS
    assert call.is_suppressed()


@pytest.mark.parametrize(("key", "then"), [("1", "thank-you-donation"), ("2", "more-info"), ("#", "invalid-option")])
def test_every_key_of_the_menu_cuts_the_preamble_short(stage: Stage, key: str, then: str) -> None:
    started, pressed, *_ = stage.call().hears("who-calls").press(key).hears(then).finish().notes()
    assert seconds_between(started, pressed) < PREAMBLE_SECONDS


def test_without_a_preamble_the_message_comes_at_once(stage: Stage) -> None:
    call = stage.call(preamble="")
    call.hears("BackGround")
    assert "the-message" in call.playing()
    call.finish().notes()


# ---------------------------------------------------------------- keys

def test_the_campaigns_keys_mean_what_it_says_and_all_others_are_invalid(stage: Stage) -> None:
    keys = {"5": "donation", "STAR": "repeat", "3": "more-info"}
    call = stage.call(keys=keys).hears("the-message").press("1").hears("invalid-option").press("*").hears("the-message")
    call.press("0").hears("please-try-again").press("5").hears("thank-you-donation")
    assert call.pressed() == ["1 invalid", "* repeat", "0 invalid", "5 donation"]


def test_wrong_keys_have_a_limit_with_the_campaigns_keys_too(stage: Stage) -> None:
    call = stage.call(310, keys={"1": "donation"})  # presses 5, 6, 7
    assert call.pressed() == ["5 invalid", "6 invalid", "7 invalid"]


def test_the_agent_may_lie_on_any_key(stage: Stage) -> None:
    call = stage.call(keys={"8": "agent"}).hears("the-message").press("8").hears("Dial ")
    notes = call.notes()
    assert call.pressed() == ["8 agent"]
    assert [note[2] for note in notes if note[0] == "agent"] == ["ANSWER"]


@pytest.mark.parametrize(("key", "name"), [("#", "HASH"), ("1", "1")])
def test_another_key_may_be_never_again_too(stage: Stage, key: str, name: str) -> None:
    call = stage.call(keys={name: "opt-out", "2": "donation"}).hears("who-calls").press(key).hears("optout-confirmed")
    assert call.pressed() == [f"{key} opt-out"]
    assert call.is_suppressed()


@pytest.mark.parametrize("action", ["donation", "repeat", "invalid", ""])
def test_nine_is_never_anything_else(stage: Stage, action: str) -> None:
    call = stage.call(keys={"9": action, "1": "donation"}).hears("who-calls").press("9").hears("optout-confirmed")
    assert call.pressed() == ["9 opt-out"]
    assert call.is_suppressed()


def test_the_sub_menu_keeps_its_keys_but_knows_the_campaigns_never_again(stage: Stage) -> None:
    keys = {"2": "more-info", "1": "opt-out", "5": "donation"}
    call = stage.call(keys=keys).hears("the-message").press("2").hears("more-info").press("5").hears("invalid-option")
    call.press("1").hears("optout-confirmed")
    assert call.pressed() == ["2 more-info", "5 invalid", "1 opt-out"]
    assert call.is_suppressed()


def test_a_word_that_is_no_action_makes_the_key_invalid(stage: Stage) -> None:
    call = stage.call(keys={"1": "dance", "2": "donation"}).hears("the-message").press("1").hears("invalid-option").finish()
    assert call.pressed() == ["1 invalid"]


# ---------------------------------------------------------------- a stop after the prompt that plays

def test_a_finished_call_ends_with_the_message(stage: Stage) -> None:
    call = stage.call(preamble="").hears("the-message").finish()
    started, ended = call.notes()
    assert ended[0] == "call-ended"
    assert MESSAGE_SECONDS - 0.5 < seconds_between(started, ended) < MESSAGE_SECONDS + RESPONSE_SECONDS, "and no waiting for keys"


def test_a_finished_call_ends_with_the_preamble(stage: Stage) -> None:
    started, ended = stage.call().hears("who-calls").finish().notes()
    assert PREAMBLE_SECONDS - 0.5 < seconds_between(started, ended) < PREAMBLE_SECONDS + MESSAGE_SECONDS


def test_a_finished_call_that_waits_for_a_key_says_no_goodbye(stage: Stage) -> None:
    notes = stage.call(preamble="").hears("WaitExten").finish().notes()
    assert [note[0] for note in notes] == ["call-started", "call-timeout", "call-ended"]
    assert seconds_between(notes[1], notes[2]) < SAID_NOTHING_SECONDS


def test_a_key_in_a_finished_call_counts_but_nothing_more_is_said(stage: Stage) -> None:
    for key, action in (("1", "donation"), ("2", "more-info"), ("3", "agent"), ("0", "repeat"), ("7", "invalid")):
        call = stage.call(preamble="").hears("the-message").finish().press(key)
        notes = call.notes()
        assert call.pressed() == [f"{key} {action}"]
        assert [note[0] for note in notes] == ["call-started", "dtmf-action", "call-ended"]
        assert seconds_between(notes[1], notes[2]) < SAID_NOTHING_SECONDS, action


def test_who_wants_to_be_removed_from_a_finished_call_is_removed_and_told(stage: Stage) -> None:
    call = stage.call().hears("who-calls").finish().press("9").hears("optout-confirmed")
    assert call.pressed() == ["9 opt-out"]
    assert call.is_suppressed()
    _, pressed, ended = call.notes()
    confirmation = (PROMPTS / "optout-confirmed.ulaw").stat().st_size / 8000
    assert seconds_between(pressed, ended) >= confirmation - 0.1, "to its end"


def test_who_talks_to_an_agent_is_not_cut_off(stage: Stage) -> None:
    call = stage.call(preamble="").hears("the-message").press("3").hears("Dial ")
    wait_for(lambda: stage.world.asterisk.channels() >= 2, 10, "the agent is not called")
    time.sleep(1)
    notes = call.finish().notes()
    agent = next(note for note in notes if note[0] == "agent")
    assert agent[2] == "ANSWER"
    assert int(agent[3]) >= 5, "until the agent hangs up"


def test_asterisk_found_no_fault_in_any_of_it(stage: Stage) -> None:
    """Last: what the dialplan did above left no complaint in the log."""
    log = (stage.world.asterisk.folder / "log/messages").read_text(errors="replace")
    words = ("ast_yyerror", "pbx_functions", "func_logic", "No application", "pbx_variables", "Syntax")
    assert not [line for line in log.splitlines() if any(word in line for word in words)]
