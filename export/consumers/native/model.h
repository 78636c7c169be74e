/* A bundle's ONNX file in C99: opened, given numbers, and its outputs taken, which are not trusted to be what the file's
 * name promises. Define PROGRAM, the name before each message, and FILE_OF_BUNDLE, the file it takes, ahead of it. */
#ifndef MODEL_H
#define MODEL_H
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef OFFICIAL_HEADER
#include <onnxruntime_c_api.h>
#else
#include "onnxruntime_few.h"
#endif

enum { LARGEST_SIDE = 8192, MOST_CHANNELS = 16 };
static const int64_t most_of_images[4] = {0, LARGEST_SIDE, LARGEST_SIDE, MOST_CHANNELS};

static const OrtApi *ort;
static const char *model;
static OrtEnv *environment;
static OrtSession *session;

/* End with one line on stderr and the status 2, which is for what the caller must mend. */
static void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    fputs(PROGRAM ": ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(2);
}

static void check(OrtStatus *status) {
    if (!status) return;
    const char *reason = ort->GetErrorMessage(status);
    fail("%s does not run (%.*s): expected a bundle's " FILE_OF_BUNDLE "; copy it again", model,
         (int)strcspn(reason, "\n"), reason);
}

static double number(const char *text, const char *name, double least, double most, int whole) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most) || (whole && value != floor(value)))
        fail("%s is '%s': expected a %snumber from %.10g to %.10g; give one", name, text, whole ? "whole " : "", least,
             most);
    return value;
}

/* The value of an argument that reads NAME=VALUE, if this is one. */
static const char *value_of(const char *argument, const char *sign) {
    return strncmp(argument, sign, strlen(sign)) ? NULL : argument + strlen(sign);
}

/* The model in a file. One with classes takes `label`, the class as it was given, beside three other inputs. */
static void open_model(const char *path, const char *label) {
    size_t inputs;
    model = path;
    if (!(ort = OrtGetApiBase()->GetApi(ORT_API_VERSION)))
        fail("ONNX Runtime is %s, older than the header: expected a newer one; install it",
             OrtGetApiBase()->GetVersionString());
    check(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, PROGRAM, &environment));
    check(ort->CreateSession(environment, model, NULL, &session));
    check(ort->SessionGetInputCount(session, &inputs));
    if (!label && inputs == 4) fail("%s is of a conditional model: expected a class; add label=0", model);
    if (label && inputs == 3)
        fail("label is %s: expected none, since the model has no classes; leave it out", label);
}

static void close_model(void) {
    ort->ReleaseSession(session);
    ort->ReleaseEnv(environment);
}

/* An input whose numbers, of four bytes each, the caller keeps. */
static OrtValue *input(void *data, const int64_t *shape, size_t rank, ONNXTensorElementDataType type) {
    OrtMemoryInfo *memory;
    OrtValue *value;
    size_t bytes = 4;
    for (size_t i = 0; i < rank; i++) bytes *= (size_t)shape[i];
    check(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
    check(ort->CreateTensorWithDataAsOrtValue(memory, data, bytes, shape, rank, type, &value));
    ort->ReleaseMemoryInfo(memory);
    return value;
}

/* The shape of float32 numbers of `rank` axes, of which the first has `count` rows and the others at most `most`. */
static void take_shape(const OrtTensorTypeAndShapeInfo *info, const char *what, size_t rank, int64_t *shape,
                       int count, const int64_t *most) {
    ONNXTensorElementDataType type;
    size_t found;
    check(ort->GetTensorElementType(info, &type));
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        fail("%s has an %s of type %d: expected %d, float32; copy the file again", model, what, (int)type,
             (int)ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
    check(ort->GetDimensionsCount(info, &found));
    if (found != rank)
        fail("%s has an %s of rank %d: expected %d; copy the file again", model, what, (int)found, (int)rank);
    check(ort->GetDimensions(info, shape, rank));
    if (shape[0] == -1) shape[0] = count; /* an input's free axis */
    for (size_t i = 0; i < rank; i++)
        if (shape[i] < (i ? 1 : count) || shape[i] > (i ? most[i] : count))
            fail("%s has an %s with %.0f on axis %d: expected %d to %.0f; copy the file again", model, what,
                 (double)shape[i], (int)i, i ? 1 : count, (double)(i ? most[i] : count));
}

/* The numbers of an output of `count` rows. */
static const float *output(OrtValue *value, size_t rank, int64_t *shape, int count, const int64_t *most) {
    OrtTensorTypeAndShapeInfo *info;
    void *data;
    check(ort->GetTensorTypeAndShape(value, &info));
    take_shape(info, "output", rank, shape, count, most);
    ort->ReleaseTensorTypeAndShapeInfo(info);
    check(ort->GetTensorMutableData(value, &data));
    return data;
}

#endif
