"""A new ticket, and a change to it that nobody else's change is lost by.

Needs TOKEN, an access token that may write: export TOKEN=$(tessera token create --name "my script" --role Agent --expires 12h)
"""
import json, os, urllib.request

feed = "http://127.0.0.1:8420/odata/"


def ask(method, path, body=None, **headers):
    request = urllib.request.Request(
        feed + path,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


ticket = ask("POST", "Tickets", {"Title": "Café machine leaks", "RequesterEmail": "mia@example.com"})
# If-Match: the change is refused with 412 if the ticket is no longer the one that was read.
changed = ask("PATCH", f"Tickets({ticket['Id']})", {"Status": "Pending"}, **{"If-Match": ticket["@odata.etag"]})
print(changed["Title"], "is", changed["Status"])
