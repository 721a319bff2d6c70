//! Application Insights: what is sent, and what is read again.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Application Insights")]));
}

#[test]
fn envelopes_in_a_dump_of_requests() {
    check(
        r#"---
source: tests/http_requests.rs
---
POST /v2/track HTTP/1.1
content-type: application/json

[
  {"name": "Microsoft.ApplicationInsights.Request", "time": "2022-11-11T04:48:27.6767145Z", "iKey": "k",
    "tags": {"ai.operation.id": "1", "ai.operation.parentId": "3", "ai.cloud.role": "shop", "ai.cloud.roleInstance": "i"},
    "data": {"baseType": "RequestData", "baseData": {"ver": 2, "id": "2", "name": "GET /", "duration": "00:00:00.1234567",
      "responseCode": "500", "success": false, "url": "https://x/", "properties": {"p": "v",
      "_MS.links": "[{\"operation_Id\":\"7\",\"id\":\"8\"}]"}}}},
  {"name": "Microsoft.ApplicationInsights.Message", "time": "2022-11-11T04:48:28Z", "tags": {"ai.operation.id": "1", "ai.operation.parentId": "2"},
    "data": {"baseType": "MessageData", "baseData": {"message": "hi", "severityLevel": 2}}}
]


POST /v2/track HTTP/1.1

[
  {"name": "Microsoft.ApplicationInsights.RemoteDependency", "time": "2022-11-11T04:48:27.7Z", "iKey": "k",
    "tags": {"ai.operation.id": "1", "ai.operation.parentId": "|1.0000000000000002."},
    "data": {"baseType": "RemoteDependencyData", "baseData": {"id": "|1.0000000000000004.", "name": "SELECT", "duration": "1.00:00:01",
      "type": "SQL", "data": "SELECT 1", "target": "db", "resultCode": "0", "success": true}}}
]"#,
        "service.name=\"shop\" service.instance.id=\"i\" /  / 1:2 in:3 \"GET /\" server \
         1668142107676714500..1668142107800171200 p=\"v\" responseCode=\"500\" url=\"https://x/\" \
         ai.cloud.role=\"shop\" ai.cloud.roleInstance=\"i\" url.full=\"https://x/\" \
         http.response.status_code=500 link(7:8) Error()\n\
          \x20/  / 1:4 in:2 \"SELECT\" client 1668142107700000000..1668228508700000000 type=\"SQL\" data=\"SELECT \
         1\" target=\"db\" resultCode=\"0\" db.query.text=\"SELECT 1\"\n\
         \x20/  / log 1:2 1668142108000000000/0 13 \"hi\" severityLevel=2\n\
         invalidJson @1\n\
         invalidJson @851",
    );
}

#[test]
fn lines_of_envelopes() {
    check(
        r#"{"name": "r", "time": "2022-11-11T04:48:27Z", "tags": {"ai.operation.id": "1", "ai.operation.parentId": "1"}, "data": {"baseType": "RequestData", "baseData": {"id": "2", "name": "a"}}}
{"name": "m", "time": "2022-11-11T04:48:27Z", "tags": {}, "data": {"baseType": "MetricData", "baseData": {}}}"#,
        " /  / 1:2 \"a\" server 1668142107000000000..1668142107000000000",
    );
}

#[test]
fn a_table_of_a_query() {
    check(
        r#"{"tables": [{"name": "PrimaryResult", "columns": [{"name": "timestamp", "type": "datetime"}, {"name": "id", "type": "string"},
            {"name": "operation_Id", "type": "string"}, {"name": "operation_ParentId", "type": "string"}, {"name": "name", "type": "string"},
            {"name": "duration", "type": "real"}, {"name": "success", "type": "string"}, {"name": "resultCode", "type": "string"},
            {"name": "itemType", "type": "string"}, {"name": "cloud_RoleName", "type": "string"}, {"name": "customDimensions", "type": "dynamic"}],
            "rows": [["2022-11-11T04:48:27.5Z", "2", "1", "1", "GET /", 12.5, "False", "500", "request", "shop", "{\"k\":\"v\"}"]]}]}"#,
        "service.name=\"shop\" /  / 1:2 \"GET /\" server 1668142107500000000..1668142107512500000 k=\"v\" \
         resultCode=\"500\" cloud_RoleName=\"shop\" http.response.status_code=500 Error()",
    );
}

#[test]
fn records_of_diagnostic_settings() {
    check(
        r#"{"records": [{"time": "2022-11-11T04:48:27.5Z", "type": "AppDependencies", "Id": "2", "OperationId": "1", "ParentId": "3",
            "Name": "GET /b", "DurationMs": 2, "Success": true, "ResultCode": "404", "DependencyType": "HTTP", "Target": "x", "Data": "http://x/b",
            "AppRoleName": "shop", "Properties": {"k": 1}}]}"#,
        "service.name=\"shop\" /  / 1:2 in:3 \"GET /b\" client 1668142107500000000..1668142107502000000 k=1 \
         ResultCode=\"404\" DependencyType=\"HTTP\" Target=\"x\" Data=\"http://x/b\" AppRoleName=\"shop\" \
         url.full=\"http://x/b\" http.response.status_code=404",
    );
}
