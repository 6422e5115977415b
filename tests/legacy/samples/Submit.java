package example;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Submits a job and reads its results. */
public final class Submit {
    private static final String BASE = "https://runtime-us-east.quantum-computing.ibm.com";
    private static final String CATALOGUE = "https://example.org/catalogue";

    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String body = "{\"program_id\": \"sampler\", \"hub\": \"ibm-q\", \"group\": \"open\", \"project\": \"main\","
            + " \"start_session\": \"True\", \"params\": {\"circuits\": []}}";
        HttpRequest submit = HttpRequest.newBuilder(URI.create(BASE + "/jobs"))
            .header("x-access-token", args[0])
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        String id = client.send(submit, HttpResponse.BodyHandlers.ofString()).body();
        HttpRequest results = HttpRequest.newBuilder(URI.create(BASE + "/jobs/" + id + "/results"))
            .header("Authorization", "Bearer " + args[0])
            .GET()
            .build();
        HttpRequest listing = HttpRequest.newBuilder(URI.create(CATALOGUE + "/jobs")).build();
        System.out.println(client.send(results, HttpResponse.BodyHandlers.ofString()).body());
    }
}
