"""Ask the application without a server between, as a program or as a browser without script."""

import re

import httpx

from tests import looping

TOKEN = re.compile(r'name="_token" value="([0-9a-f]+)"')


class Asking:
    """Sends requests to an application and keeps its cookies."""

    def __init__(self, application, *, follow=False, **headers):
        self.application, self.follow, self.headers = application, follow, headers
        self.cookies = httpx.Cookies()

    def request(self, method, path, **how):
        async def ask():
            transport = httpx.ASGITransport(self.application, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://city.test", cookies=self.cookies, follow_redirects=self.follow,
                headers=self.headers,
            ) as http:  # fmt: skip
                answer = await http.request(method, path, **how)
                self.cookies = http.cookies
                return answer

        return looping.run(ask())

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def post(self, path, **how):
        return self.request("POST", path, **how)


class Browser:
    """Follows redirects, keeps cookies, sends the token of the page it looks at."""

    def __init__(self, application):
        self.application = application
        self.http = Asking(application, follow=True, accept="text/html")

    def another(self):
        return Browser(self.application)

    def get(self, path):
        self.page = self.http.get(path)
        return self.page

    def post(self, path, **fields):
        found = TOKEN.search(self.page.text)
        self.page = self.http.post(path, data={"_token": found[1] if found else "", **fields})
        return self.page

    def sign_in(self, login, password):
        self.get("/admin/sign-in")
        return self.post("/admin/sign-in", login=login, password=password)
