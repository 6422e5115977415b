class Poll {
    static final String BASE = "https://runtime-us-east.quantum-computing.ibm.com";
    String body = "{\"program_id\": \"sampler\", \"hub\": \"ibm-q\", \"group\": \"open\", \"project\": \"main\"}";
    HttpRequest request = HttpRequest.newBuilder(URI.create(BASE + "/jobs")).header("x-access-token", token)
        .POST(BodyPublishers.ofString(body)).build();
}
