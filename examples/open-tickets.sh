#!/bin/sh
# Open tickets of high priority, newest first.
set -eu
curl -sG http://127.0.0.1:8420/odata/Tickets \
  -H "Authorization: Bearer $(cat tessera-demo/demo-token)" \
  --data-urlencode "filter=StatusKind eq 'Open' and Priority eq 'High'" \
  --data-urlencode "orderby=CreatedDateTime desc" \
  --data-urlencode "select=Id,Title,RequesterName,AssigneeName" \
  --data-urlencode "top=3"
