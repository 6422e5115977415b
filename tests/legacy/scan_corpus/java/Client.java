package quantum;

class Client {
    private final String apiToken;

    Client(String apiToken) {
        this.apiToken = apiToken;
    }

    void prepare(HttpURLConnection connection) {
        connection.setRequestProperty("Authorization", "Bearer " + apiToken);
    }

    String me() {
        return Hosts.RUNTIME + "users/me";
    }
}
