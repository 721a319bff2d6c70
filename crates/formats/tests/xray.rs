//! AWS X-Ray segment documents.

#[cfg(test)]
mod support;

use formats::Format;

#[track_caller]
fn check(input: &str, expected: &[&str]) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().lines().collect::<Vec<_>>(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("AWS X-Ray segments")]));
}

const SEGMENT: &str = r#"{"trace_id": "1-5f29ab21-d4ebf299219a65bd5c31d6da", "id": "1", "name": "shop", "start_time": 1596566305.535414,
    "end_time": 1596566305.5928545, "origin": "AWS::EC2::Instance", "user": "ann",
    "http": {"request": {"method": "GET", "url": "http://shop/", "client_ip": "127.0.0.1"}, "response": {"status": 500}},
    "fault": true, "cause": {"exceptions": [{"id": "9", "type": "NotFound", "message": "no table", "remote": true,
        "stack": [{"path": "a.go", "line": 7, "label": "main"}]}]},
    "aws": {"ec2": {"instance_id": "i-1"}}, "annotations": {"tier": "gold"},
    "subsegments": [
        {"id": "2", "name": "DynamoDB", "namespace": "aws", "start_time": 1.5E9, "end_time": 1500000001, "aws": {"operation": "PutItem"},
         "subsegments": [{"id": "3", "name": "retry", "start_time": 1500000000.25, "in_progress": true}]},
        {"id": "4", "name": "render", "start_time": 1500000002, "end_time": 1500000003, "throttle": true, "error": true}
    ]}"#;

const SPANS: [&str; 4] = [
    "service.name=\"shop\" aws.xray.origin=\"AWS::EC2::Instance\" host.id=\"i-1\" /  / 5f29ab21d4ebf299219a65bd5c31d6da:1 \
     \"shop\" server 1596566305535414000..1596566305592854500 tier=\"gold\" origin=\"AWS::EC2::Instance\" user=\"ann\" \
     http.request.method=\"GET\" http.request.url=\"http://shop/\" http.request.client_ip=\"127.0.0.1\" \
     http.response.status=500 aws.ec2.instance_id=\"i-1\" aws.xray.fault=true url.full=\"http://shop/\" \
     client.address=\"127.0.0.1\" http.response.status_code=500 event(1596566305592854500 \"exception\" \
     exception.type=\"NotFound\" exception.message=\"no table\" exception.stacktrace=\"at main (a.go:7)\" \
     aws.xray.exception.id=\"9\" aws.xray.exception.remote=true) Error(no table)",
    "service.name=\"shop\" aws.xray.origin=\"AWS::EC2::Instance\" host.id=\"i-1\" /  / 5f29ab21d4ebf299219a65bd5c31d6da:2 in:1 \
     \"DynamoDB\" client 1500000000000000000..1500000001000000000 namespace=\"aws\" aws.operation=\"PutItem\" rpc.method=\"PutItem\"",
    "service.name=\"shop\" aws.xray.origin=\"AWS::EC2::Instance\" host.id=\"i-1\" /  / 5f29ab21d4ebf299219a65bd5c31d6da:3 in:2 \
     \"retry\" internal 1500000000250000000..0",
    "service.name=\"shop\" aws.xray.origin=\"AWS::EC2::Instance\" host.id=\"i-1\" /  / 5f29ab21d4ebf299219a65bd5c31d6da:4 in:1 \
     \"render\" internal 1500000002000000000..1500000003000000000 throttle=true aws.xray.error=true Error()",
];

#[test]
fn a_segment_in_its_wrappers() {
    check(SEGMENT, &SPANS);
    check(&format!("{{\"format\": \"json\", \"version\": 1}}\n{SEGMENT}"), &SPANS);
    check(&format!("[{SEGMENT}]"), &SPANS);
    let text = SEGMENT.replace('\n', " ").replace('"', "\\\"");
    for document in [format!("\"{text}\""), SEGMENT.to_owned()] {
        check(
            &format!(
                r#"{{"Traces": [{{"Id": "1", "Segments": [{{"Id": "1", "Document": {document}}}]}}], "X": []}}"#
            ),
            &SPANS,
        );
        check(&format!(r#"[{{"Id": "1", "Document": {document}}}]"#), &SPANS);
    }
}

#[test]
fn a_document_that_is_no_json_costs_only_itself() {
    let (picture, _) = support::decode(
        br#"{"Traces":[{"Id":"1","Segments":[{"Id":"1","Document":"{"},{"Id":"2","Document":"{\"id\":\"2\",\"name\":\"a\"}"}]}]}"#,
    );
    assert_eq!(picture.lines(), "service.name=\"a\" /  / -:2 \"a\" server 0..0\nskippedSpan @33\n");
}
