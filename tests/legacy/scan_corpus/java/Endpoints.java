package quantum;

class Endpoints {
    String base = Hosts.RUNTIME;

    String sessions() {
        return "sessions";
    }

    String close(String id) {
        return "sessions/" + id + "/close";
    }

    void anonymous(Map<String, String> headers) {
        headers.remove("x-access-token");
    }
}
