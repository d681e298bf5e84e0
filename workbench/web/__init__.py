"""The screens in a browser, behind a token; needs the extra `web`."""
