"""What tests ask of a browser that Playwright does not drive, in the commands of W3C's WebDriver."""

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names an element's reference
PATIENCE = 60  # seconds


class Browser:
    """A browser; `self(command, **arguments)` sends a command by its name and returns its value."""

    def open(self, url):
        self("Navigate", url=url)

    def run(self, script, *arguments):
        """What a function's body returns in the page, once it is there if it is a promise."""
        return self("ExecuteScript", script=script, args=arguments)

    def choose_file(self, selector, path):
        found = self("FindElement", using="css selector", value=selector)
        self("ElementSendKeys", id=found[ELEMENT], text=str(path))
