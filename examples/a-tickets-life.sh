#!/bin/sh
# A ticket's life: created with a first comment, answered, closed, reopened, looked at.
# Needs TOKEN, an access token that may write: TOKEN=$(cat tessera-data/first-token)
set -eu
feed=http://127.0.0.1:8420/odata

# send METHOD PATH JSON
send() {
  curl -sS --fail-with-body -X "$1" "$feed/$2" -o /dev/null -D - \
    -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -H "Prefer: return=minimal" \
    -d "$3" | sed -n 's/^[Ll]ocation: .*Tickets(\([0-9]*\)).*/\1/p'
}

id=$(send POST Tickets '{"Title":"Printer on fire","Priority":"High","RequesterEmail":"ada@example.com",
  "Comments":[{"Body":"It was fine this morning."}]}')
send POST "Tickets($id)/Tessera.Reply" '{"Body":"Please use the extinguisher."}'
send POST "Tickets($id)/Tessera.Close" '{}'
send POST "Tickets($id)/Tessera.Reopen" '{"Comment":"It burns again."}'
curl -sSG "$feed/Tickets($id)" -H "Authorization: Bearer $TOKEN" \
  -H "Accept: application/json;odata.metadata=none" \
  --data-urlencode "select=Id,Title,StatusKind,RequesterName,CommentCount,ReopenCount"
