// What a deployed program does: load the exported model, classify a photo. The model says itself how a photo becomes
// its input.
// Usage: ClassifyPhoto MODEL.onnx PHOTO...
using Proxyless.Inference;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: ClassifyPhoto MODEL.onnx PHOTO...");
    return 2;
}

try
{
    using var classifier = OnnxClassifier.Load(args[0]);
    foreach (string photo in args[1..])
    {
        ClassProbability best = classifier.Classify(photo, top: 1)[0];
        Console.WriteLine($"{photo}: {best.Class} {best.Probability:P1}");
    }

    return 0;
}
catch (Exception exception)
    when (exception is IOException or UnauthorizedAccessException or InvalidDataException or UnreadableImageException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
