//! An Office data connection: a page with two islands of XML, one of which holds a query as a
//! document of its own.

use std::io;

use quick_xml::{Writer, events::BytesText};

use crate::error::Error;

const OFFICE: &str = "urn:schemas-microsoft-com:office:office";
const CONNECTION: &str = "urn:schemas-microsoft-com:office:odc";
const HTML: &str = "http://www.w3.org/TR/REC-html40";
const MASHUP: &str = "http://schemas.microsoft.com/DataMashup";
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

type Xml = Writer<Vec<u8>>;

/// A file that opens Excel with `query`, in M, under the name of `set`.
///
/// # Errors
/// `Internal` if it could not be written, which memory never refuses.
pub(super) fn connection(set: &str, query: &str) -> Result<Vec<u8>, Error> {
    let mut page = Writer::new(Vec::new());
    let written = mashup(set, query).and_then(|mashup| {
        page.create_element("html")
            .with_attributes([("xmlns:o", OFFICE), ("xmlns", HTML)])
            .write_inner_content(|xml| head(xml, set, &mashup))
            .map(drop)
    });
    match written {
        Ok(()) => Ok(page.into_inner()),
        Err(error) => Err(Error::internal(&error)),
    }
}

fn head(xml: &mut Xml, set: &str, mashup: &str) -> io::Result<()> {
    xml.create_element("head").write_inner_content(|xml| {
        let content = ("content", "text/x-ms-odc; charset=utf-8");
        xml.create_element("meta")
            .with_attributes([("http-equiv", "Content-Type"), content])
            .write_empty()?;
        for (name, content) in [("ProgId", "ODC.Database"), ("SourceType", "OLEDB")] {
            xml.create_element("meta")
                .with_attributes([("name", name), ("content", content)])
                .write_empty()?;
        }
        text(xml, "title", &format!("Query - {set}"))?;
        xml.create_element("xml").with_attribute(("id", "docprops")).write_inner_content(
            |xml| {
                xml.create_element("o:DocumentProperties").write_inner_content(|xml| {
                    text(xml, "o:Description", &format!("'{set}' of a helpdesk, by OData"))?;
                    text(xml, "o:Name", &format!("Query - {set}"))
                })?;
                Ok(())
            },
        )?;
        xml.create_element("xml").with_attribute(("id", "msodc")).write_inner_content(|xml| {
            xml.create_element("odc:OfficeDataConnection")
                .with_attributes([("xmlns:odc", CONNECTION), ("xmlns", HTML)])
                .write_inner_content(|xml| provider(xml, set, mashup))?;
            Ok(())
        })?;
        Ok(())
    })?;
    xml.create_element("body").write_empty()?;
    Ok(())
}

/// Excel reads its own query of that name through the provider of Power Query.
fn provider(xml: &mut Xml, set: &str, mashup: &str) -> io::Result<()> {
    xml.create_element("odc:PowerQueryConnection")
        .with_attribute(("odc:Type", "OLEDB"))
        .write_inner_content(|xml| {
            let source = format!(
                "Provider=Microsoft.Mashup.OleDb.1;Data Source=$Workbook$;Location={set};\
                 Extended Properties=\"\""
            );
            text(xml, "odc:ConnectionString", &source)?;
            text(xml, "odc:CommandType", "SQL")?;
            text(xml, "odc:CommandText", &format!("SELECT * FROM [{set}]"))
        })?;
    text(xml, "odc:PowerQueryMashupData", mashup)
}

/// The document within the document.
fn mashup(set: &str, query: &str) -> io::Result<String> {
    let mut xml = Writer::new(Vec::new());
    xml.create_element("Mashup")
        .with_attributes([("xmlns:xsi", SCHEMA_INSTANCE), ("xmlns", MASHUP)])
        .write_inner_content(|xml| {
            for (name, value) in [
                ("Client", "EXCEL"),
                ("Version", "2.83.0.0"),
                ("MinVersion", "2.21.0.0"),
                ("Culture", "en-US"),
                ("SafeCombine", "true"),
            ] {
                text(xml, name, value)?;
            }
            xml.create_element("Items").write_inner_content(|xml| {
                xml.create_element("Query").with_attribute(("Name", set)).write_inner_content(
                    |xml| {
                        text(xml, "Formula", query)?;
                        for name in ["IsParameterQuery", "IsDirectQuery"] {
                            xml.create_element(name)
                                .with_attribute(("xsi:nil", "true"))
                                .write_empty()?;
                        }
                        Ok(())
                    },
                )?;
                Ok(())
            })?;
            Ok(())
        })?;
    String::from_utf8(xml.into_inner()).map_err(io::Error::other)
}

fn text(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(value))?;
    Ok(())
}
