// SPDX-License-Identifier: MPL-2.0

package graph_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/wa-flows/terraform-provider-whatsapp/internal/graphmock"
)

// Ten parallel slots must not need more than ten connections, however many
// numbers there are.
func TestConnectionsAreReused(t *testing.T) {
	server := startMock(t)
	client := newClient(t, server.URL())
	const slots, numbers = 10, 200
	work := make(chan string)
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			for id := range work {
				if err := client.SetBusinessPublicKey(t.Context(), id, testKey(t)); err != nil {
					t.Error(err)
				}
				if _, err := client.BusinessEncryption(t.Context(), id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range numbers {
		id := fmt.Sprintf("2000000%d", i)
		server.AddNumber(graphmock.Number{ID: id})
		work <- id
	}
	close(work)
	wg.Wait()
	if got := server.Connections(); got > slots {
		t.Errorf("%d connections for %d slots", got, slots)
	}
	if got := len(server.Requests()); got != 2*numbers {
		t.Errorf("%d requests", got)
	}
}
