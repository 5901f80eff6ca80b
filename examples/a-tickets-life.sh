#!/bin/sh
# A ticket's life: created with a first comment, answered, closed, reopened, looked at.
# Needs TOKEN, an access token that may write:
#   export TOKEN=$(tessera token create --name "my script" --role Agent --expires 12h)
set -eu
feed=http://127.0.0.1:8420/odata

# send METHOD PATH JSON: prints the address of what was made; ends the script if it was refused.
send() {
  curl -sS --fail -X "$1" "$feed/$2" -w '%header{location}' -d "$3" \
    -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -H "Prefer: return=minimal"
}

made=$(send POST Tickets '{"Title":"Printer on fire","Priority":"High","RequesterEmail":"ada@example.com",
  "Comments":[{"Body":"It was fine this morning."}]}')
ticket=Tickets${made##*/Tickets}
send POST "$ticket/Tessera.Reply" '{"Body":"Please use the extinguisher."}'
send POST "$ticket/Tessera.Close" '{}'
send POST "$ticket/Tessera.Reopen" '{"Comment":"It burns again."}'
curl -sSG "$feed/$ticket" -H "Authorization: Bearer $TOKEN" \
  -H "Accept: application/json;odata.metadata=none" \
  --data-urlencode "select=Id,Title,StatusKind,RequesterName,CommentCount,ReopenCount"
