# Tickets that wait for somebody, and an answer to the first of them.
Import-Module ./Tessera.psm1
Connect-Tessera -Url http://127.0.0.1:8420/odata -Token (Read-Host 'Access token' -AsSecureString)
$waiting = Get-TesseraTicket -Filter "IsClosed eq false and AssigneeId eq null" -OrderBy CreatedDateTime
$waiting | Format-Table Id, Title, Status, RequesterName
if ($waiting) { Add-TesseraReply -Id @($waiting)[0].Id -Body 'We are looking into it.' }
