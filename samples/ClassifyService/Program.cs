// A service that classifies photographs: POST an image to /classify, get the most probable classes as JSON.
// Usage: ClassifyService --model MODEL.onnx [--urls http://localhost:5000]
using Proxyless.Inference;

const int MostBytes = 20_000_000;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["model"] is not { } model || !File.Exists(model))
{
    Console.Error.WriteLine("usage: ClassifyService --model MODEL.onnx [--urls http://localhost:5000]");
    return 2;
}

builder.WebHost.ConfigureKestrel(options => options.Limits.MaxRequestBodySize = MostBytes);
builder.Services.AddSingleton(OnnxClassifier.Load(model));
WebApplication app = builder.Build();
app.MapPost(
    "/classify",
    async (Stream body, OnnxClassifier classifier, CancellationToken cancellation) =>
    {
        using var photo = new MemoryStream();
        await body.CopyToAsync(photo, cancellation);
        try
        {
            return Results.Ok(classifier.Classify(photo.ToArray(), "the photo", top: 3));
        }
        catch (UnreadableImageException exception)
        {
            return Results.BadRequest(new { exception.Message });
        }
    }
);
app.Run();
return 0;
