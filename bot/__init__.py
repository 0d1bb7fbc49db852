"""RUN and REMEMBER: the only place with a clock, a database and a screen."""
