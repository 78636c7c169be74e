/* The calls of ONNX Runtime's C API that the programs make, declared anew: the Python wheel carries the library but no
 * header. The library hands out one table of functions, which only ever grows at its end; each stands in the place
 * that version 1 of the table gave it, so this fits every ONNX Runtime since 1.0. With the official
 * onnxruntime_c_api.h at hand, compile with -DOFFICIAL_HEADER: model.h is written to both. */
#ifndef ONNXRUNTIME_FEW_H
#define ONNXRUNTIME_FEW_H
#include <stddef.h>
#include <stdint.h>

#define ORT_API_VERSION 1
#ifdef _WIN32
#define ORT_CALL __stdcall
#define ORT_PATH wchar_t
#else
#define ORT_CALL
#define ORT_PATH char
#endif

typedef struct OrtEnv OrtEnv;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtStatus OrtStatus;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtValue OrtValue;

typedef enum { ORT_LOGGING_LEVEL_FATAL = 4 } OrtLoggingLevel;
typedef enum { OrtArenaAllocator = 1 } OrtAllocatorType;
typedef enum { OrtMemTypeDefault = 0 } OrtMemType;
typedef enum { ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT = 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 = 6 }
    ONNXTensorElementDataType;

typedef struct OrtApi {
    void *skipped_0[2];
    const char *(ORT_CALL *GetErrorMessage)(const OrtStatus *); /* 2 */
    OrtStatus *(ORT_CALL *CreateEnv)(OrtLoggingLevel, const char *name, OrtEnv **);
    void *skipped_4[3];
    OrtStatus *(ORT_CALL *CreateSession)(const OrtEnv *, const ORT_PATH *model, const OrtSessionOptions *,
                                         OrtSession **); /* 7 */
    void *skipped_8[1];
    OrtStatus *(ORT_CALL *Run)(OrtSession *, const OrtRunOptions *, const char *const *input_names,
                               const OrtValue *const *inputs, size_t input_count, const char *const *output_names,
                               size_t output_count, OrtValue **outputs); /* 9 */
    void *skipped_10[20];
    OrtStatus *(ORT_CALL *SessionGetInputCount)(const OrtSession *, size_t *); /* 30 */
    void *skipped_31[2];
    OrtStatus *(ORT_CALL *SessionGetInputTypeInfo)(const OrtSession *, size_t index, OrtTypeInfo **); /* 33 */
    void *skipped_34[15];
    OrtStatus *(ORT_CALL *CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo *, void *data, size_t bytes,
                                                          const int64_t *shape, size_t rank,
                                                          ONNXTensorElementDataType, OrtValue **); /* 49 */
    void *skipped_50[1];
    OrtStatus *(ORT_CALL *GetTensorMutableData)(OrtValue *, void **); /* 51 */
    void *skipped_52[3];
    OrtStatus *(ORT_CALL *CastTypeInfoToTensorInfo)(const OrtTypeInfo *, const OrtTensorTypeAndShapeInfo **); /* 55 */
    void *skipped_56[4];
    OrtStatus *(ORT_CALL *GetTensorElementType)(const OrtTensorTypeAndShapeInfo *, ONNXTensorElementDataType *); /* 60 */
    OrtStatus *(ORT_CALL *GetDimensionsCount)(const OrtTensorTypeAndShapeInfo *, size_t *);
    OrtStatus *(ORT_CALL *GetDimensions)(const OrtTensorTypeAndShapeInfo *, int64_t *shape, size_t rank);
    void *skipped_63[2];
    OrtStatus *(ORT_CALL *GetTensorTypeAndShape)(const OrtValue *, OrtTensorTypeAndShapeInfo **); /* 65 */
    void *skipped_66[3];
    OrtStatus *(ORT_CALL *CreateCpuMemoryInfo)(OrtAllocatorType, OrtMemType, OrtMemoryInfo **); /* 69 */
    void *skipped_70[22];
    void(ORT_CALL *ReleaseEnv)(OrtEnv *); /* 92 */
    void(ORT_CALL *ReleaseStatus)(OrtStatus *);
    void(ORT_CALL *ReleaseMemoryInfo)(OrtMemoryInfo *);
    void(ORT_CALL *ReleaseSession)(OrtSession *);
    void(ORT_CALL *ReleaseValue)(OrtValue *);
    void *skipped_97[1];
    void(ORT_CALL *ReleaseTypeInfo)(OrtTypeInfo *); /* 98 */
    void(ORT_CALL *ReleaseTensorTypeAndShapeInfo)(OrtTensorTypeAndShapeInfo *);
} OrtApi;

typedef struct {
    const OrtApi *(ORT_CALL *GetApi)(uint32_t version);
    const char *(ORT_CALL *GetVersionString)(void);
} OrtApiBase;

const OrtApiBase *ORT_CALL OrtGetApiBase(void);

#endif
