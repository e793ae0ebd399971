package fpnn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

// The numbers are those of fpnn/base/FpnnError.h.
func TestCodesAreTheFrameworks(t *testing.T) {
	t.Parallel()
	for first, codes := range map[int][]int{
		10001: {
			fpnn.CodeProtoUnknown, fpnn.CodeProtoNotSupported, fpnn.CodeProtoInvalidPackage, fpnn.CodeProtoJSON,
			fpnn.CodeProtoStringKey, fpnn.CodeProtoMapValue, fpnn.CodeProtoMethodType, fpnn.CodeProtoProtoType,
			fpnn.CodeProtoKeyNotFound, fpnn.CodeProtoTypeConvert, fpnn.CodeProtoFileSign, fpnn.CodeProtoFileNotExist,
		},
		20001: {
			fpnn.CodeCoreUnknown, fpnn.CodeCoreConnectionClosed, fpnn.CodeCoreTimeout, fpnn.CodeCoreUnknownMethod,
			fpnn.CodeCoreEncoding, fpnn.CodeCoreDecoding, fpnn.CodeCoreSend, fpnn.CodeCoreReceive,
			fpnn.CodeCoreInvalidPackage, fpnn.CodeCoreHTTP, fpnn.CodeCoreWorkQueueFull, fpnn.CodeCoreInvalidConnection,
			fpnn.CodeCoreForbidden, fpnn.CodeCoreServerStopping, fpnn.CodeCoreCanceled,
		},
		30001: {fpnn.CodeZipCompress, fpnn.CodeZipDecompress},
	} {
		for i, code := range codes {
			require.Equal(t, first+i, code)
			require.NotEmpty(t, fpnn.CodeText(code), code)
		}
		require.Empty(t, fpnn.CodeText(first+len(codes)))
		require.Empty(t, fpnn.CodeText(first-1))
	}
}
