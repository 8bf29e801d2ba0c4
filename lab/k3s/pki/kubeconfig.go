package pki

import (
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig is a kubeconfig that holds its certificates, and calls everything "default" as K3s's.
func Kubeconfig(server, caFile, certFile, keyFile string) ([]byte, error) {
	var content [3][]byte
	for i, file := range []string{caFile, certFile, keyFile} {
		read, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		content[i] = read
	}
	config := api.NewConfig()
	config.Clusters["default"] = &api.Cluster{Server: server, CertificateAuthorityData: content[0]}
	config.AuthInfos["default"] = &api.AuthInfo{
		ClientCertificateData: content[1], ClientKeyData: content[2],
	}
	config.Contexts["default"] = &api.Context{Cluster: "default", AuthInfo: "default"}
	config.CurrentContext = "default"
	return clientcmd.Write(*config)
}
