"""python-odata against the server: reads, filters, pages to the end, follows links, writes."""

import os

import requests
from odata import ODataService
from odata.flags import ODataServerFlags

session = requests.Session()
session.headers["Authorization"] = "Bearer " + os.environ["TESSERA_TOKEN"]
service = ODataService(
    os.environ["TESSERA_URL"],
    session=session,
    reflect_entities=True,
    quiet_progress=True,
    # Without it every property nobody set is sent as null, also those that cannot be null.
    server_flags=ODataServerFlags(skip_null_properties=True),
)
Ticket = service.entities["Tickets"]
Comment = service.entities["Comments"]

everything = [ticket.Id for ticket in service.query(Ticket)]
assert len(everything) == len(set(everything)) == 2500, len(everything)

urgent = service.query(Ticket).filter((Ticket.Status == "Open") & (Ticket.Priority == "High"))
assert urgent.count() == len(list(urgent)) == 417, urgent.count()
newest = service.query(Ticket).order_by(Ticket.Id.desc()).limit(2)
assert [ticket.Id for ticket in newest] == [2500, 2499]
assert [ticket.Title for ticket in service.query(Ticket).filter(Ticket.Title.contains("Zürich 7 "))] == ["Zürich 7 é"]
assert service.query(Ticket).get(7).Requester.Name == "c7"

created = Ticket()
created.Title = "From python-odata"
service.save(created)
assert created.Id == 2501 and created.Status == "New", created.Status
created.Title = "Changed"
service.save(created)
assert service.query(Ticket).get(2501).Title == "Changed"

comment = Comment()
# This client takes a link where the model has one: Ticket@odata.bind.
comment.Ticket = created
comment.Body = "Grüezi"
service.save(comment)
told = service.query(Ticket).expand(Ticket.Comments).filter(Ticket.Id == created.Id).first()
assert [said.Body for said in told.Comments] == ["Grüezi"]

service.delete(created)
assert service.query(Ticket).count() == 2500
