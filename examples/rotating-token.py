"""A token for a report: made, used, given a new secret while the former still works, and ended.

Needs TOKEN, an access token that may make others: export TOKEN=$(tessera token create --name "admin" --role Administrator --expires 12h)
"""
import json, os, urllib.error, urllib.request

feed = "http://127.0.0.1:8420/odata/"


def ask(secret, path, body=None):
    request = urllib.request.Request(
        feed + path,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": "Bearer " + secret, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


mine = os.environ["TOKEN"]
made = ask(mine, "AccessTokens/Tessera.Mint", {"Name": "report", "Role": "ReadOnlyAgent", "Scopes": ["tickets:read"]})
# A secret is in this answer and nowhere else: keep it where only the program finds it.
first, token = made["Secret"], f"AccessTokens({made['Id']})"
me = ask(first, "Me()")
print(me["TokenName"], "may", ", ".join(me["Scopes"]))

second = ask(mine, token + "/Tessera.Rotate", {"OverlapHours": 1})["Secret"]
for secret in first, second:
    ask(secret, "Tickets?top=1")
print("both secrets work,", ask(mine, token)["State"])

ask(mine, token + "/Tessera.Revoke", {})
try:
    ask(second, "Tickets?top=1")
except urllib.error.HTTPError as refused:
    print(refused.code, json.load(refused)["error"]["code"])
