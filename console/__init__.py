"""What a person sees and presses. Imports engine and models; nothing imports console.

Floor plan, from the shell inwards:

* ``__main__``       arguments in, exit code out
* ``arguments``      the command line: every option
* ``shell_arguments``  the same of the commands for other shells
* ``parser``         how a wrong argument is told
* ``values``         what an option's value may be
* ``examples``       what each command's help shows
* ``run_command``    a run, with a screen or without, from refusal to summary
* ``model_command``  ``trade-console model``
* ``keys_command``   ``trade-console keys``
* ``evaluate_command``  ``trade-console evaluate``
* ``train_command``, ``train_progress``  ``trade-console train``, and how far it is
* ``record_command``  ``trade-console record``
* ``doctor_command``  ``trade-console doctor``
* ``bench_command``  ``trade-console bench``
* ``stop_command``   ``trade-console stop``, ``flatten`` and ``resume``
* ``status_command``  ``trade-console status``
* ``attach_command``, ``attached``  ``trade-console attach``, and its app
* ``rewritten``      the line of progress
* ``terminal``       the terminal before Textual sees it
* ``screen``         the app over an engine, and every way to leave it
* ``signals``        what each signal does to a run, and the way out
* ``hangup``         a run whose terminal went away
* ``app``            polls the engine, turns keys into requests, opens dialogs
* ``toasts``       which alerts stand on the screen, and when the bell rings
* ``driver``         the terminal, whatever it does
* ``sparing``        of an update only the cells that differ
* ``commands``       the one table of keys
* ``help``           that table and the glossary, read to the user
* ``glossary``       the words on the screen
* ``views``          the main screen and what it switches between
* ``modals``         the dialogs
* ``widgets``        what views are made of
* ``text``           numbers to words
* ``themes``         colours and their roles
* ``standing``       an engine that stands still, for pictures and tests
* ``shots``          the pictures of the README
"""
