"""What gunicorn itself is told, wherever it is started in this folder;
addresses and threads stand on its command line.
"""

from search.extraction.confining.confinement import hide_process

control_socket_disable = True  # nobody steers a running site by a socket in somebody's home


def on_starting(server) -> None:
    """The first process holds the settings in its environment as its workers do, and they begin as it is."""
    hide_process()
