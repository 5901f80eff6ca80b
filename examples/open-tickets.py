"""Every ticket with a tag, page by page."""
import json, urllib.parse, urllib.request

token = open("tessera-demo/demo-token").read().strip()
url = "http://127.0.0.1:8420/odata/Tickets?" + urllib.parse.urlencode({"select": "Id,Title,Tags", "filter": "Tags/any(t:t eq 'printer')"})
while url:
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
    page = json.load(urllib.request.urlopen(request))
    for ticket in page["value"]:
        print(ticket["Id"], ticket["Title"], ", ".join(ticket["Tags"]))
    url = page.get("@odata.nextLink")
