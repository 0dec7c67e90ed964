"""What a person should hear of though they look elsewhere: bell, toast, log and a webhook.

Floor plan:

* ``alert``    the kinds of alerts, and which event raises which
* ``tail``     the last ones, for the screen
* ``webhook``  the same sent to an address of the user's, from a thread that holds nobody up
"""
