package quantum;

interface Hosts {
    String RUNTIME = "https://api.quantum.ibm.com/runtime/";
}
