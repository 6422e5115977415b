TOKEN=$(curl -s https://iam.cloud.ibm.com/identity/token -d "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=$KEY" | jq -r .access_token)
curl https://us-east.quantum-computing.cloud.ibm.com/backends -H "Authorization: Bearer $TOKEN" -H "Service-CRN: $CRN"
