"""Other people's parsers judge a change."""
