"""What each command's help shows to copy and change.

Owns those texts only; `console.arguments` says what they mean.
"""

RUN_EXAMPLES = """\
examples:
  trade-console                                 the live markets on paper; no key, no account
  trade-console --record                        the same, with everything the venues send kept
  trade-console --feed sim                      the embedded market, no network, at real speed
  trade-console --feed sim --speed 20 --seed 3  another market, twenty times faster
  trade-console --feed sim --headless --json --windows 4
                                                four windows without a screen, one JSON summary
  trade-console replay FILE --speed 60          a recorded market on the same screen
  trade-console doctor                          what this machine and its network lack
  trade-console model list                      which weights can decide
  trade-console keys                            every key of the console
"""

REPLAY_EXAMPLES = """\
examples:
  trade-console replay btc.jsonl.gz                          on the screen, 20 times real speed
  trade-console replay btc.jsonl.gz --headless --json        as fast as possible, JSON summary
  trade-console replay btc.jsonl.gz --headless --model old.safetensors
  trade-console replay 20261123T101500Z                      a recorded session, all its parts
"""

RECORD_EXAMPLES = """\
examples:
  trade-console record                          until Ctrl-C, into the home
  trade-console record --out DISK --minutes 90  an hour and a half, onto another disk
"""

DOCTOR_EXAMPLES = """\
examples:
  trade-console doctor                          what is well and what is not, with advice
  trade-console doctor --json                   the same as a list of findings
"""

MODEL_EXAMPLES = """\
examples:
  trade-console model list
  trade-console model inspect rl_model.safetensors
  trade-console model import rl_model.safetensors --slot champion
"""

EVALUATE_EXAMPLES = """\
examples:
  trade-console evaluate monday.jsonl.gz tuesday.jsonl.gz    the shipped weights and fixed rules
  trade-console evaluate FILE --models old.safetensors new.safetensors --reference old
  trade-console evaluate FILE --frozen                       no arms that learn, much faster
  trade-console evaluate --feed sim --windows 40 --json --plot equity.png
"""

TRAIN_EXAMPLES = """\
examples:
  trade-console train                                      the embedded market, 100 iterations
  trade-console train --minutes 60 --out run1              for an hour; the same again goes on
  trade-console train monday.jsonl.gz tuesday.jsonl.gz --feed sim --from old.safetensors
                                                           recordings and the embedded market
  trade-console train --architecture pre_phase5 --seed 3 --iterations 200 --json
"""

BENCH_EXAMPLES = """\
examples:
  trade-console bench             each number beside its budget; a minute, on an idle machine
  trade-console bench --json      the numbers alone
"""

KEYS_EXAMPLES = """\
examples:
  trade-console keys              the table of keys
  trade-console keys --markdown   the same as the README has it
"""

STOP_EXAMPLES = """\
examples:
  trade-console stop              gate shut, orders cancelled; prints the evidence
  trade-console flatten           the same, then every position is sold
  trade-console stop --json       the last line of evidence, as JSON
"""

STATUS_EXAMPLES = """\
examples:
  trade-console status            state, positions, worst case, what is amiss
  trade-console status --json     everything, for scripts
"""

RESUME_EXAMPLES = """\
examples:
  trade-console resume                 asks for the word on a terminal
  trade-console resume --word RESUME   for scripts; refused while something forbids it
"""

ATTACH_EXAMPLES = """\
examples:
  trade-console attach             from another terminal, or a new SSH session
  trade-console attach --privacy   with amounts hidden; leaving it leaves the engine running
"""
