# Tickets that are not closed, by due date.
$token = Get-Content tessera-demo/demo-token
$feed = 'http://127.0.0.1:8420/odata'
$page = Invoke-RestMethod "$feed/Tickets?filter=IsClosed eq false&orderby=DueDateTime&top=5" -Headers @{ Authorization = "Bearer $token" }
$page.value | Format-Table Id, Title, Status, DueDateTime
