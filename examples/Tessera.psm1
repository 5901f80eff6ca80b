# A small module over the feed: Import-Module ./Tessera.psm1, then Connect-Tessera.
# Runs in Windows PowerShell 5.1 and in PowerShell 7.

$script:Feed = $null
$script:Headers = @{}

function Connect-Tessera {
    <# .SYNOPSIS Remembers, for this session only, where the feed is and the token to read it with. #>
    param(
        [Parameter(Mandatory)] [uri] $Url,
        [Parameter(Mandatory)] [securestring] $Token
    )
    $plain = [System.Net.NetworkCredential]::new('', $Token).Password
    $script:Feed = $Url.AbsoluteUri.TrimEnd('/')
    $script:Headers = @{ Authorization = "Bearer $plain" }
}

function Get-TesseraEntity {
    <# .SYNOPSIS Every entity of a set, page by page, as far as the filter goes. #>
    param(
        [Parameter(Mandatory)] [string] $Set,
        [string] $Filter,
        [string] $Select,
        [string] $OrderBy
    )
    $options = @()
    if ($Filter) { $options += 'filter=' + [uri]::EscapeDataString($Filter) }
    if ($Select) { $options += 'select=' + [uri]::EscapeDataString($Select) }
    if ($OrderBy) { $options += 'orderby=' + [uri]::EscapeDataString($OrderBy) }
    $next = "$script:Feed/$Set"
    if ($options) { $next += '?' + ($options -join '&') }
    while ($next) {
        $page = Invoke-RestMethod -Uri $next -Headers $script:Headers
        $page.value
        $next = $page.'@odata.nextLink'
    }
}

function Get-TesseraTicket {
    <# .SYNOPSIS Tickets: one by its Id, or all that a filter names. #>
    param([long] $Id, [string] $Filter, [string] $Select, [string] $OrderBy)
    if ($Id) { return Invoke-RestMethod -Uri "$script:Feed/Tickets($Id)" -Headers $script:Headers }
    Get-TesseraEntity -Set Tickets -Filter $Filter -Select $Select -OrderBy $OrderBy
}

function Send-Tessera([string] $Method, [string] $Path, [hashtable] $Body) {
    # Bytes, because Windows PowerShell would send text as ISO-8859-1.
    $json = [System.Text.Encoding]::UTF8.GetBytes(($Body | ConvertTo-Json -Depth 5))
    Invoke-RestMethod -Method $Method -Uri "$script:Feed/$Path" -Headers $script:Headers -ContentType 'application/json' -Body $json
}

function New-TesseraTicket {
    <# .SYNOPSIS Makes a ticket of its properties: New-TesseraTicket @{ Title = 'Printer on fire' } #>
    param([Parameter(Mandatory)] [hashtable] $Ticket)
    Send-Tessera -Method Post -Path 'Tickets' -Body $Ticket
}

function Set-TesseraTicket {
    <# .SYNOPSIS Changes some properties of a ticket. #>
    param([Parameter(Mandatory)] [long] $Id, [Parameter(Mandatory)] [hashtable] $Change)
    Send-Tessera -Method Patch -Path "Tickets($Id)" -Body $Change
}

function Add-TesseraReply {
    <# .SYNOPSIS Answers the requester; with -Internal it is a note for staff. #>
    param([Parameter(Mandatory)] [long] $Id, [Parameter(Mandatory)] [string] $Body, [switch] $Internal)
    $action = if ($Internal) { 'AddNote' } else { 'Reply' }
    Send-Tessera -Method Post -Path "Tickets($Id)/Tessera.$action" -Body @{ Body = $Body }
}

Export-ModuleMember -Function Connect-Tessera, Get-TesseraEntity, Get-TesseraTicket, New-TesseraTicket, Set-TesseraTicket, Add-TesseraReply
