"""A client, or an age, in; a workspace without what is known of the one, or is older than the other, out.

forget_client(workspace, pseudonym, …)     everything about one client
forget_older(workspace, moment, …)         rows of the log from before a moment
finish_unfinished(workspace)               what a kill interrupted
"""

from mangaassist.erasure.forgetting import finish_unfinished, forget_client, forget_older

__all__ = ["finish_unfinished", "forget_client", "forget_older"]
