"""The headless engine: market data in, decisions, orders and an event log out.

Floor plan, in the order of the data:

* ``units``, ``market``, ``messages``  the nouns: integer units, what a window is, what feeds say
* ``feeds``                            sources of market data behind one protocol
* ``recording``                        the file of a recorded market, line by line
* ``recording_parts``                  the files of a session, read as one
* ``recorder``                         what venues send, written down in parts
* ``recorder_thread``, ``recorder_file``  the writing itself: queue and thread; one gzip file
* ``intake``, ``desk``                 where messages are believed; what is known of one asset now
* ``contracts``                        what futures venues say of theirs, for the screen
* ``book``                             one outcome token's book, valid or with its fault
* ``signals``                          the inputs of the features: live, warming, absent, unknown
* ``signals_underlying``, ``signals_large``  measuring the underlying
* ``signals_seconds``, ``signals_minutes``  looking back at it: second by second, minute by minute
* ``rows``                             what the model is given of each asset
* ``position_input``                   the position as the model sees it
* ``features``, ``history``            18 features, five rows per asset
* ``decider``, ``decision``            one policy call for all assets; what it saw and chose
* ``sizing``                           confidence to dollars
* ``trader``, ``intents``              decisions and exit rules; an order's size and limit
* ``gate``, ``denial``                 the only way to a venue; why an order was refused
* ``exposure``                         what could be lost
* ``trading_state``, ``latch_file``      who may trade; the latch that survives everything
* ``standing``                         the state that holds now, and why
* ``guards``                           the guards of a run, made and joined up
* ``safety``                           breakers, tasks that prove that they run, stop and drill
* ``venue``, ``order``, ``paper``      what a venue is; one order state machine; the paper venue
* ``paper_account``, ``reconcile``     what it knows of us; our books against a venue's
* ``events``, ``eventlog``             what can happen, and the append-only truth of it
* ``journal``, ``ledger``              writing and believing; positions and PnL as a fold
* ``token_account``                    the fills of one outcome token and what they add up to
* ``log_chain``, ``log_migrations``    what ties its events together; its tables, and older logs
* ``log_repair``, ``log_reserve``      a damaged log mended; room kept for a full disk
* ``ledgers``                          which file a run writes to
* ``mid_account``                      the upstream accounting, kept beside for comparison
* ``windows``                          windows that begin and end; days
* ``core``, ``end``, ``meters``        one engine in market time; its end; measurements of itself
* ``thread``, ``built``                the thread that owns an engine; the parts it drives
* ``pace``, ``clock``                  market time; real time
* ``loop``                             an event loop whose end waits for no name server
* ``requests``, ``operator``           what a person may ask, and what each request does
* ``snapshot``, ``picture``            what the console may know, and how it is drawn up
* ``learning_view``, ``learning_picture``  the same for the learner
* ``feeds_view``, ``safety_view``      the same for connections to real venues, and for safety
* ``control``, ``alerts``              other shells; what a person should hear of
* ``probation``                        what is watched after a promotion
* ``scorecard``                        the running model's result, window slot by window slot
* ``summary``, ``memory``              the account of a finished run; bytes in use
* ``session``, ``sources``             putting a run together; its feed and its log
* ``settings``                         every number a user may set
* ``addresses``                        hosts as a user may write them
* ``learning``                         PPO on a challenger that decides nothing real
* ``training``                         the same offline, on many markets at once
* ``evaluation``                       several arms on the same tape, and what may be said of them
* ``bench``                            how fast market data go through it
* ``doctor``                           what is amiss on this machine and at the venues
* ``home``, ``lock``                   folders and files; one engine per home and per account
* ``errors``                           failures that end in one sentence

Nothing here imports ``textual`` or ``console``.
"""
