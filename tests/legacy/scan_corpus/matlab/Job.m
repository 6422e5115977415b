classdef Job
    methods (Static)
        function answer = submit(service, circuits)
            places = constants;
            header = matlab.net.http.HeaderField('x-access-token', service.token);
            body.hub = service.hub;
            body.group = service.group;
            body.project = service.project;
            answer = webwrite(places.jobs, body, weboptions('HeaderFields', header));
        end
    end
end
