import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import com.google.api.client.http.GenericUrl;
import com.google.api.client.http.HttpResponseException;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.auth.http.HttpCredentialsAdapter;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

/**
 * Asks Google Cloud and Azure by their own libraries, which find all that they need in the environment as a pod has it. Each
 * line of its input names a cloud; what its library got, or why it got nothing, is one line of JSON.
 */
class Ask {
    private static String secret() throws Exception {
        GoogleCredentials credentials = GoogleCredentials.getApplicationDefault()
            .createScoped("https://www.googleapis.com/auth/cloud-platform");
        try {
            String body = new NetHttpTransport()
                .createRequestFactory(new HttpCredentialsAdapter(credentials))
                .buildGetRequest(new GenericUrl(System.getenv("SECRET_URL")))
                .execute()
                .parseAsString();
            var data = Pattern.compile("\"data\": *\"([^\"]*)\"").matcher(body);
            return data.find() ? data.group(1) : body;
        } catch (HttpResponseException error) {
            return error.getStatusCode() + ": " + error.getContent();
        }
    }

    private static String token() {
        var context = new TokenRequestContext().addScopes("https://vault.azure.net/.default");
        String token = new WorkloadIdentityCredentialBuilder().build().getTokenSync(context).getToken();
        return "a token of " + token.split("\\.").length + " parts";
    }

    /** What it got, or all causes of why it got nothing. */
    private static String said(Callable<String> way) {
        try {
            return way.call();
        } catch (Exception error) {
            StringBuilder text = new StringBuilder();
            for (Throwable cause = error; cause != null; cause = cause.getCause()) text.append(cause).append(' ');
            return text.toString();
        }
    }

    public static void main(String[] none) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine())
            System.out.println(new Gson().toJson(said(line.equals("google") ? Ask::secret : Ask::token)));
        System.exit(0);
    }
}
