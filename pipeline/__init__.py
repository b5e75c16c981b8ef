"""The line itself: settings, one factory, runners and the command line."""
